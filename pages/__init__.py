"""The pages: flat scripts of Streamlit code, no training logic."""
