"""SAM.gov contract opportunities by its public interface (Get Opportunities, version 2)."""
