// The Copy button beside a secret that is shown once. Without this the field is selected by hand.
if (navigator.clipboard) {
  for (const button of document.querySelectorAll("[data-copy]")) {
    const field = document.getElementById(button.dataset.copy);
    const told = document.getElementById(`${button.dataset.copy}-told`);
    button.hidden = false;
    button.addEventListener("click", async () => {
      told.textContent = "";
      try {
        await navigator.clipboard.writeText(field.value);
        told.textContent = "Copied.";
      } catch {
        field.select();
        told.textContent = "It could not be copied. It is selected: press Ctrl+C, or ⌘C on a Mac.";
      }
    });
  }
}
