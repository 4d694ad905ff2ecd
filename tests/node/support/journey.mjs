// What a person does on the pages, by what they read there.

/** Fills the sign-in form and sends it. */
export async function signIn(page, { email, password }) {
  await page.getByLabel(/e-?mail/i).fill(email);
  await page.getByLabel(/password/i).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

export async function press(page, name) {
  await page.getByRole("button", { name, exact: true }).click();
}

export function heading(page) {
  return page.getByRole("heading", { level: 1 }).first().innerText();
}

/** Collects what the Content-Security-Policy blocked: on our pages that must be nothing. */
export function blocked(context) {
  const told = [];
  context.on("console", (message) => message.text().includes("Content Security Policy") && told.push(message.text()));
  return told;
}
