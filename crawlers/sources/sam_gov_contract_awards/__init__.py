"""SAM.gov Contract Awards, the keyed interface that carries on the register of FPDS."""
