"""The client inside an application: spans and scores through a sealed spool to the server.

It imports nothing of the server, and whatever goes wrong in it, the application never hears of it but in its log.
"""
