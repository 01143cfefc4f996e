"""FPDS, the public ATOM feed of US federal contract actions: recorded feeds and other people's archives of it."""
