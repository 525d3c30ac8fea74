/** Invented X12: sets as their segments between ST and SE, written with `*` and `>`, wrapped into an envelope. */
export type Envelope = {
  control: number
  sender?: string
  receiver?: string
  usage?: 'P' | 'T' | 'I'
  version?: '00401' | '00501'
  /** GS04 and GS05. */
  date?: string
  time?: string
  element?: string
  component?: string
  terminator?: string
  /** What follows each segment: a line break, as most senders write it. */
  after?: string
}

export type Document = [id: string, ...segments: string[]]

/** One interchange with one group, its counts and control numbers right. */
export const interchange = (envelope: Envelope, ...documents: Document[]): string => {
  const {
    control,
    sender = 'BRAVO3PL',
    receiver = 'BATONSHOP',
    usage = 'P',
    version = '00401',
    date = '20261123',
    time = '0545',
    element = '*',
    component = '>',
    terminator = '~',
    after = '\n',
  } = envelope
  const number = String(control).padStart(9, '0')
  const isa = [
    'ISA',
    ...['00', ' '.repeat(10), '00', ' '.repeat(10), 'ZZ', sender.padEnd(15), 'ZZ', receiver.padEnd(15)],
    ...[date.slice(2), time.slice(0, 4), version === '00401' ? 'U' : '^', version, number, '0', usage, '>'],
  ].join('*')
  const sets = documents.flatMap(([id, ...segments], index) => {
    const st = String(index + 1).padStart(4, '0')
    return [`ST*${id}*${st}`, ...segments, `SE*${segments.length + 2}*${st}`]
  })
  const all = [
    isa,
    `GS*XX*${sender}*${receiver}*${date}*${time}*${control}*X*${version === '00401' ? '004010' : '005010'}`,
    ...sets,
    `GE*${documents.length}*${control}`,
    `IEA*1*${number}`,
  ]
  return all
    .map((segment) => segment.replaceAll('*', element).replaceAll('>', component) + terminator + after)
    .join('')
}

/** A shipment of order 1001: all of it, unless said otherwise. */
export const shipAdvice = (
  over: { head?: string; tracking?: string[]; lines?: string[]; more?: string[] } = {},
): Document => [
  '945',
  over.head ?? 'W06*F*#1001*20261122*S-77**PO-5',
  'N1*WH*Bravo East*92*EAST',
  ...(over.tracking ?? ['N9*2I*1zbravo0001']),
  'G62*11*20261122*1*1630',
  'W27*M*UPSN*Ground',
  'LX*1',
  ...(over.lines ?? ['W12*CC*2*2*0*EA**SK*MUG-RED', 'W12*CC*1*1*0*EA**SK*PEN-GEL']),
  ...(over.more ?? []),
  'W03*3*6*LB',
]

/** What came in of shipment ASN-9. */
export const stockReceipt = (over: { head?: string; lines?: string[] } = {}): Document => [
  '944',
  over.head ?? 'W17*F*20261122*WR-31*PO-9001*ASN-9',
  'N1*WH*Bravo East*92*EAST',
  'N9*PO*PO-9001',
  ...(over.lines ?? ['W07*96*EA**SK*MUG-RED', 'W13*4*EA*01', 'W07*24*EA**SK*PEN-GEL']),
  'W14*120',
]

/** Stock of two articles in one warehouse. */
export const inventory = (over: { head?: string[]; lines?: string[] } = {}): Document => [
  '846',
  ...(over.head ?? ['BIA*00*MB*INV-20261123*20261123*0500', 'N1*WH*Bravo East*92*EAST']),
  ...(over.lines ?? [
    'LIN*1*SK*MUG-RED*UP*061414100002',
    'QTY*17*40*EA',
    'QTY*33*35*EA',
    'LIN*2*SK*PEN-GEL',
    'QTY*17*7*EA',
  ]),
]

/** A shipment of two orders: shipment > order > pack > item, and order > item. */
export const shipNotice = (over: { head?: string; levels?: string[] } = {}): Document => [
  '856',
  over.head ?? 'BSN*00*ASN-9*20261120*0910*0001',
  ...(over.levels ?? [
    'HL*1**S',
    'TD5*B*2*ODFL*M*Old Road Freight',
    'REF*BM*BOL-55',
    'REF*CN*pro-4411',
    'DTM*011*20261120*0830',
    'DTM*017*20261125',
    'HL*2*1*O',
    'PRF*PO-9001',
    'HL*3*2*P',
    'MAN*GM*00000000000000000011',
    'HL*4*3*I',
    'LIN*1*SK*MUG-RED',
    'SN1*1*96*EA',
    'HL*5*1*O',
    'PRF*PO-9002',
    'HL*6*5*I',
    'LIN*1*SK*PEN-GEL',
    'SN1*1*24*EA',
    'CTT*2*120',
  ]),
]

/** What was received of shipment ASN-9 as a receiving advice says it. */
export const receivingAdvice = (over: { head?: string; lines?: string[] } = {}): Document => [
  '861',
  over.head ?? 'BRA*RA-12*20261122*00*2*1015',
  'REF*SI*ASN-9',
  'DTM*050*20261122*0900',
  'PRF*PO-9001',
  'N1*ST*Bravo East*92*EAST',
  ...(over.lines ?? ['RCD**96*EA*4*EA*4*EA*01', 'LIN**SK*MUG-RED', 'RCD**24*EA', 'LIN**SK*PEN-GEL']),
  'CTT*2',
]
