/**
 * Beside the login form. A link from a chat arrives without the strict session cookie though there is a session: a
 * request of our own carries it, and so does a reload that the page itself asks for. Once only: if the cookie is
 * still missing then, the form is the answer.
 */
const [navigation] = performance.getEntriesByType('navigation')
const reloaded = navigation instanceof PerformanceNavigationTiming && navigation.type === 'reload'

if (!reloaded) {
  const session = await fetch('/console/api/me').catch(() => null)
  if (session?.ok) location.reload()
}

// What the address pointed at (#channel, #exception) outlives the form and its redirect.
const form = document.querySelector('form')
if (form !== null) form.action = `/console/login${location.hash}`
