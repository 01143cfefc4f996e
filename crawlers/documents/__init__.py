"""Documents that notices list, asked for like everything else: by the add-on, into captures and the ledger."""
