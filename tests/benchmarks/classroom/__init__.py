"""A class at the app: clients that speak Streamlit's own protocol to a real server, and what they saw."""
