import os

# Two threads that wait for each other in layers this small take several times as long on a busy machine. Read when
# torch is imported, and by the workers that tests launch.
os.environ["OMP_NUM_THREADS"] = "1"
