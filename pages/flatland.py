from pages.components import lesson, start, widget

start.through_app()


widget.component("flatland")(key=f"flatland-{lesson.mounted_for()}")
