"""USAspending, awards as they stand: contracts, orders, vehicles and assistance, by search, detail and download."""
