import pino from 'pino'
import type { Log } from '../app/log.ts'

/** Structured lines on standard error, so that standard output stays for what a person or a pipe reads. */
export const createLog = (level: string): Log =>
  pino({ level, base: null }, pino.destination({ dest: 2, sync: true }))
