"""SAM.gov, the keyless daily file of all active contract opportunities."""
