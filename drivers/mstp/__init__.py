"""BACnet MS/TP (ASHRAE 135 clause 9) on pyserial: codec, state machines, the port process, capture, statistics.

``drivers.mstp.link`` holds the bacpypes3 link layer; it is not imported here, since the port process starts from this
package and must stay free of bacpypes3.
"""
