import { expect, test } from 'vitest'
import { findBrowser } from './browser.ts'

const nowhere = () => false

test('a missing browser skips the browser tests on a machine of one’s own, and fails them where it is required', () => {
  expect(findBrowser({}, nowhere)).toBeNull()
  expect(() => findBrowser({ CI: 'true' }, nowhere)).toThrow('No Chromium or Chrome found')
  expect(() => findBrowser({ BATON_REQUIRE_BROWSER: '1' }, nowhere)).toThrow('No Chromium or Chrome found')
})

test('CHROMIUM_PATH goes first, and a wrong one is an error, not a reason to look elsewhere', () => {
  expect(findBrowser({ CHROMIUM_PATH: '/opt/chromium' }, () => true)).toBe('/opt/chromium')
  expect(() => findBrowser({ CHROMIUM_PATH: '/opt/chromium' }, nowhere)).toThrow('/opt/chromium')
})
