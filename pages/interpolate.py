from pages.components import in_page, start

start.through_app()
in_page.page("Interpolate", "interpolate")
