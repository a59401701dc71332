"""Talking to an S4100 over BACnet MS/TP: the bus, the client of one meter, its readings and its errors.

Plain functions outside, asyncio inside. Which objects a meter has comes in as data (``MeterPoint``).
"""
