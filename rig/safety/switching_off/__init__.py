"""Switch a source off from any process: one thread for all sockets, all resources taken beforehand."""
