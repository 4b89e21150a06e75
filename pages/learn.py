import streamlit as st

from gan.chapters import CHAPTERS
from pages.components import chapters, journal, start

start.through_app()
start.prepare()
done = journal.done()
with st.container(key="learn", gap=None):
    chapters.contents(done)
    for number in range(1, len(CHAPTERS) + 1):
        chapters.show(number, done)
    chapters.tasks(done)
