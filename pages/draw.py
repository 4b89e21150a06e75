from pages.components import in_page, start

start.through_app()
in_page.page("Draw", "draw", follow=False)  # a search needs a model that stays
