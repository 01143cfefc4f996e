"""USAspending, sub-awards: what companies report of the work they pass on, each under the award it belongs to."""
