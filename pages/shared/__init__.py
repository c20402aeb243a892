"""What the pages share. The only place that touches Streamlit's session state."""
