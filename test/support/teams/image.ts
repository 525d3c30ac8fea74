import { type Findings, say } from './schema.ts'

/** Teams shows PNG, JPG and GIF up to 1 MB and 1024 pixels each way. */
const MAX_BYTES = 1024 * 1024
const MAX_PIXELS = 1024

/** What is wrong with an image's address: `https`, or the image itself within Teams' limits. */
export function checkImageUrl(value: unknown, at: string, found: Findings): void {
  const url = typeof value === 'string' ? value : ''
  const inline = /^data:image\/(png|jpeg|gif);base64,([A-Za-z0-9+/]+=*)$/.exec(url)
  if (!inline) {
    if (!/^https:\/\/\S+$/.test(url)) say(found, at, 'must be an https address, or a PNG, JPG or GIF inside')
    return
  }
  const bytes = Buffer.from(inline[2] ?? '', 'base64')
  const size = pixelsOf(bytes)
  if (bytes.length > MAX_BYTES) say(found, at, 'is an image above 1 MB')
  if (!size) say(found, at, 'is no image of the kind that it says')
  else if (Math.max(size.width, size.height) > MAX_PIXELS)
    say(found, at, `is an image above ${MAX_PIXELS} pixels`)
}

/** Width and height as the image's own header tells them. */
function pixelsOf(bytes: Buffer): { width: number; height: number } | null {
  if (bytes.length >= 24 && bytes.subarray(1, 4).toString('latin1') === 'PNG')
    return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) }
  if (bytes.length >= 10 && bytes.subarray(0, 3).toString('latin1') === 'GIF')
    return { width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) }
  return bytes.length >= 4 && bytes.readUInt16BE(0) === 0xffd8 ? pixelsOfJpeg(bytes) : null
}

/** Walks the segments of a JPEG to its frame header. */
function pixelsOfJpeg(bytes: Buffer): { width: number; height: number } | null {
  for (let at = 2; at + 9 <= bytes.length; at += 2 + bytes.readUInt16BE(at + 2)) {
    const marker = bytes[at + 1] ?? 0
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
    if (isFrame) return { width: bytes.readUInt16BE(at + 7), height: bytes.readUInt16BE(at + 5) }
  }
  return null
}
