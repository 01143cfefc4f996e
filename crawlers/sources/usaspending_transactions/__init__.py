"""USAspending, the transactions (actions) of contracts, by action day and agency."""
