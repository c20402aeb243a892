"""The server's own routes, addresses and the cookie that tells people apart."""
