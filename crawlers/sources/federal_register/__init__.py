"""The Federal Register: rules and notices of US federal bodies, among them systems of records and surveys."""
