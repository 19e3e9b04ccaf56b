// Says when the list has changed. The page works without it.
const state = document.body.dataset.state;
const news = document.getElementById("news");
async function look() {
  if (document.hidden || news.textContent) return;
  const answer = await fetch("/approvals/state", { cache: "no-store" }).catch(() => null);
  if (!answer || !answer.ok || (await answer.text()) === state) return;
  const link = document.createElement("a");
  link.href = "/approvals";
  link.textContent = "Load it again";
  news.append("The list has changed. ", link, ".");
}
setInterval(look, 10000);
// One decision, however often a button is pressed.
document.addEventListener("submit", (event) => {
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => document.querySelectorAll("form").forEach((form) => delete form.dataset.sent));
