"""How a source is switched off from any process: one thread for all sockets, all that is needed taken before."""
