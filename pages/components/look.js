// What pages need a script for. It runs once in a tab, however often a page is drawn.
if (!window.counterfeit) {
  window.counterfeit = true;
  // On a phone the navigation is a side bar that covers the page. Streamlit 1.67 leaves it open over the page that
  // was chosen from it.
  document.addEventListener("click", (event) => {
    if (innerWidth < 768 && event.target.closest?.('[data-testid="stSidebarNavLink"]'))
      document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
  });
  // Escape puts away the meaning of a word.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") document.activeElement?.closest?.(".term")?.blur();
  });
}
