from pages.components import in_page, start

start.through_app()
in_page.take_home(in_page.page("Explore", "explorer"))
