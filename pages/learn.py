import streamlit as st

from gan.chapters import CHAPTERS
from pages.components import chapters, journal, lesson, start

start.through_app()
start.prepare()
done = journal.done()
with st.container(key="learn", gap=None):
    chapters.contents(done)
    for number in range(1, len(CHAPTERS) + 1):
        chapters.show(number, done)
    chapters.tasks(done)
    with st.container(key="learn-lessons"):
        st.header("Lessons", anchor="lessons")
        st.html('<div class="quiet">Each leads through pages of the app in ten minutes, and asks on the way.</div>')
        lesson.cards()
