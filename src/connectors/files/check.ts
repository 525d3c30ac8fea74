import type { CellType } from './cells.ts'
import {
  type FilesShape,
  findColumn,
  findSingle,
  findSource,
  idParts,
  type Source,
  templateParts,
} from './references.ts'

/**
 * What a schema cannot say about a mapping: that its parts fit together. Every problem carries its path, so that it
 * is shown at its own line.
 */

export type Path = (string | number)[]
export type Report = (path: Path, message: string) => void

type ValueMap = { column: string; values: Record<string, string>; ignore: '*' | string[] }
type ObjectShape = {
  system: string
  from: string
  id: string
  identity: Partial<Record<string, string[] | undefined>>
  reference: Partial<Record<string, string[] | undefined>>
  orderClass?: string | ValueMap | undefined
  value?: Source | undefined
  quantities: Record<string, Source>
  attributes: Record<string, Source>
  dimensions: Record<string, string[]>
  version?: Source | undefined
  states: { state: string; at: Source; raw?: string | undefined }[] | (ValueMap & { at: Source })
  final?: ValueMap | undefined
}
type MappingShape = {
  currency?: string | undefined
  systems: Record<string, string>
  files: FilesShape
  objects: ObjectShape[]
}

export const checkObjects = (mapping: MappingShape, report: Report): void => {
  for (const [name, file] of Object.entries(mapping.files)) {
    const known = Object.keys(file.columns).join(', ')
    const missing = (column: string): string => `${name} has no column ${column} here; declared: ${known}`
    if (!file.columns[file.key]) report(['files', name, 'key'], missing(file.key))
    file.many?.forEach((column, i) => {
      if (!file.columns[column]) report(['files', name, 'many', i], missing(column))
    })
    for (const [column, { type }] of Object.entries(file.columns)) {
      if (type === 'money' && !mapping.currency) {
        report(
          ['files', name, 'columns', column],
          'money needs a currency; add `currency: EUR` (or yours) at the top',
        )
      }
    }
  }
  mapping.objects.forEach((object, i) => {
    checkObject(mapping, object, (path, message) => report(['objects', i, ...path], message))
  })
}

const checkObject = (mapping: MappingShape, object: ObjectShape, report: Report): void => {
  const { files, systems } = mapping
  if (!systems[object.system]) {
    report(['system'], `${object.system} is not among the systems: ${Object.keys(systems).join(', ')}`)
  }
  if (!files[object.from]) {
    report(['from'], `there is no file ${object.from}; files: ${Object.keys(files).join(', ')}`)
    return
  }
  const find = (path: Path, text: string, how: typeof findColumn): void => {
    const found = how(files, object.from, text)
    if ('problem' in found) report(path, found.problem)
  }
  const check = (path: Path, source: Source, fits: CellType[]): void => {
    const found = findSource(files, object.from, source)
    if ('problem' in found) report(path, found.problem)
    else if (!fits.includes(found.type))
      report(path, `needs a ${fits.join(' or ')} column; ${source.of} is ${found.type}`)
  }
  for (const part of idParts(object.id)) if ('column' in part) find(['id'], part.column, findSingle)
  if (Object.keys(object.identity).length === 0) {
    report(
      ['identity'],
      'names no key, so nothing would tell whose object this is; add one such as { order: <column> }',
    )
  }
  for (const kind of ['identity', 'reference'] as const) {
    for (const [name, columns] of Object.entries(object[kind])) {
      for (const column of columns ?? []) find([kind, name], column, findColumn)
    }
  }
  if (typeof object.orderClass === 'object')
    find(['orderClass', 'column'], object.orderClass.column, findSingle)
  if (object.value) check(['value'], object.value, ['money'])
  for (const [name, source] of Object.entries(object.quantities))
    check(['quantities', name], source, ['number'])
  for (const [name, source] of Object.entries(object.attributes)) check(['attributes', name], source, ANY)
  for (const [name, columns] of Object.entries(object.dimensions)) {
    for (const column of columns) find(['dimensions', name], column, findColumn)
  }
  if (object.version) check(['version'], object.version, ['number', 'time'])
  if (Array.isArray(object.states)) {
    object.states.forEach(({ at, raw }, i) => {
      check(['states', i, 'at'], at, TIMES)
      for (const part of templateParts(raw ?? '')) {
        if ('column' in part) find(['states', i, 'raw'], part.column, findSingle)
      }
    })
  } else {
    find(['states', 'column'], object.states.column, findSingle)
    check(['states', 'at'], object.states.at, TIMES)
  }
  if (object.final) find(['final', 'column'], object.final.column, findSingle)
}

const TIMES: CellType[] = ['time', 'day']
const ANY: CellType[] = ['text', 'time', 'day', 'number', 'money']
