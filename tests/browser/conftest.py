from tests.servers import Server, page_of, scripts_alone, serving

__all__ = ["Server", "page_of", "scripts_alone", "serving"]
