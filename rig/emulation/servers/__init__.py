"""How the emulated bench is reached: TCP and HiSLIP servers, clock and control endpoints."""
