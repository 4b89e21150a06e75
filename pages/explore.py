from pages.components import birth, in_page, start

start.through_app()
choice = in_page.page("Explore", "explorer")
birth.show(choice)
in_page.take_home(choice)
