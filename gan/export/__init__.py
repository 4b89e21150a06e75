"""A model as a program for the page, as ONNX, as a file that needs no server."""
