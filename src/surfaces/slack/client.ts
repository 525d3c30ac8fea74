import { LogLevel, type Logger as SdkLogger, type webApi } from '@slack/bolt'
import type { Log } from '../../app/log.ts'
import type { SlackMessage } from './render.ts'

/** No call to Slack may take longer: people wait, and the dispatcher has other posts. */
export const TIMEOUT_MS = 10_000

/**
 * One try for each call, and a refusal at once where Slack limits the rate: the dispatcher owns retries, and a
 * client that retried by itself would post twice and hold up its whole queue.
 */
export function clientOptions(apiUrl: string, log: Log, timeoutMs: number): webApi.WebClientOptions {
  return {
    slackApiUrl: apiUrl,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: timeoutMs,
    logger: sdkLogger(log),
  }
}

/** How an answer is shown: to the one who pressed alone, or in place of the message that was pressed. */
type Placement =
  | { response_type: 'ephemeral'; replace_original: false; thread_ts?: string }
  | { replace_original: true }

export const TO_ONE = { response_type: 'ephemeral', replace_original: false } as const
export const IN_PLACE: Placement = { replace_original: true }

/**
 * Answers through the URL that came with an interaction (five uses in thirty minutes, no scope, no rate limit of
 * the workspace). Throws with Slack's status when it is not taken.
 */
export async function respond(url: string, message: SlackMessage, placement: Placement): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...message, ...placement }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  await response.body?.cancel()
  if (!response.ok) throw new Error(`Slack did not take an answer: HTTP ${response.status}`)
}

/**
 * The SDK's log lines in Baton's log. Its debug lines hold whole requests and are dropped; tokens and addresses
 * (socket tickets, response URLs) are blotted out of the others.
 */
export function sdkLogger(log: Log): SdkLogger {
  const words = (parts: unknown[]): string =>
    parts
      .map((part) => (part instanceof Error ? part.message : typeof part === 'string' ? part : ''))
      .join(' ')
      .replace(/\bx(?:ox[a-z]|app)-[\w-]+/g, '[token]')
      .replace(/\b(?:wss?|https?):\/\/\S+/g, '[address]')
  return {
    debug: () => {},
    info: () => {},
    warn: (...parts) => log.warn({ sdk: 'slack' }, words(parts)),
    error: (...parts) => log.warn({ sdk: 'slack' }, words(parts)),
    setLevel: () => {},
    getLevel: () => LogLevel.WARN,
    setName: () => {},
  }
}
