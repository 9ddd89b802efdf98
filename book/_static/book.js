// The bibliography marks its entries with a role that its list does not allow; screen readers expect list items.
document.addEventListener("DOMContentLoaded", () => {
  for (const entry of document.querySelectorAll("[role=list] > [role=doc-biblioentry]")) {
    entry.setAttribute("role", "listitem");
  }
});
