document.addEventListener("DOMContentLoaded", () => {
  // The bibliography marks its entries with a role that its list does not allow; screen readers expect list items.
  for (const entry of document.querySelectorAll("[role=list] > [role=doc-biblioentry]")) {
    entry.setAttribute("role", "listitem");
  }
  // The theme draws a bare arrow where a page of the menu has pages below it; say what it opens.
  for (const arrow of document.querySelectorAll(".toctree-l1 > details > summary, .toctree-l2 > details > summary")) {
    const page = arrow.parentElement.parentElement.querySelector(":scope > a");
    if (page && !arrow.textContent.trim()) {
      arrow.setAttribute("aria-label", `Pages below ${page.textContent.trim()}`);
    }
  }
});
