/** What stands in an expression, and how it ends: an injection must leave the statement around it whole. */
export interface Expression {
  valid: boolean;
  logical: number;
  /** Comparisons by sign: = < >. */
  comparisons: number;
  /** Comparisons by word: like, in, is. Prose has them too. */
  likenesses: number;
  /** A comparison of two literals after an and/or: nobody asks that in earnest. */
  tautologies: number;
  arithmetic: number;
  calls: number;
  attack_calls: number;
  subselects: number;
  /** `)` without `(`: closes a parenthesis of the application's. */
  closes: number;
  end: 'open' | 'balanced' | 'comment' | 'statement' | 'clause' | 'broken';
}

/** Where reading stands. */
interface Reader {
  readonly tokens: string;
  readonly found: Expression;
  at: number;
  /** An operand comes next, not an operator. */
  wants: boolean;
  depth: number;
  literalBefore: boolean;
  compared: boolean;
}

function isOneOf(set: string, kind: string): boolean {
  return kind !== '' && set.indexOf(kind) >= 0;
}

function kindAt(reader: Reader, at: number): string {
  return reader.tokens.slice(at, at + 1);
}

function takeOperand(reader: Reader, kind: string): void {
  const literal = isOneOf('sun', kind);
  if (reader.compared && literal && reader.literalBefore && reader.found.logical > 0)
    reader.found.tautologies += 1;
  reader.literalBefore = literal;
  reader.compared = false;
  reader.wants = false;
  if (kind === 'u') reader.found.end = 'balanced';
}

/** Reads one token where an operand may stand. False: the expression ends or breaks here. */
function readOperand(reader: Reader, kind: string): boolean {
  const found = reader.found;
  if (isOneOf('nsuvwx', kind)) {
    takeOperand(reader, kind);
  } else if (kind === 'f' || kind === 'X') {
    found.calls += 1;
    if (kind === 'X') found.attack_calls += 1;
    reader.literalBefore = false;
    reader.compared = false;
  } else if (kind === '(') {
    reader.depth += 1;
  } else if (kind === ')' && reader.at > 0 && kindAt(reader, reader.at - 1) === '(') {
    reader.depth -= 1;
    reader.wants = false;
  } else if (kind === 'S' && reader.at > 0 && kindAt(reader, reader.at - 1) === '(') {
    found.subselects += 1;
    found.valid = true;
    return false;
  } else {
    return isOneOf('mNA', kind);
  }
  return true;
}

/** Reads one token where an operator may stand. False: the expression ends or breaks here. */
function readOperator(reader: Reader, kind: string): boolean {
  const found = reader.found;
  const next = kindAt(reader, reader.at + 1);
  if (kind === 'C' || kind === 'K') {
    if (kind === 'C') found.comparisons += 1;
    else found.likenesses += 1;
    reader.compared = true;
    reader.wants = true;
  } else if (kind === 'L') {
    found.logical += 1;
    reader.wants = true;
  } else if (kind === 'm' || kind === 'o' || kind === 'd') {
    // Paths and fractions have slashes: no evidence.
    if (kind !== 'd') found.arithmetic += 1;
    reader.wants = true;
  } else if (kind === '.' || (kind === ',' && reader.depth > 0)) {
    reader.wants = true;
  } else if (kind === 'A') {
    reader.wants = isOneOf('nsuvwxfX(mNA', next);
  } else if (kind === ')') {
    if (reader.depth > 0) reader.depth -= 1;
    else found.closes += 1;
  } else if (kind === 'N') {
    return isOneOf('KN', next);
  } else if (isOneOf('ch;UG', kind)) {
    found.end = kind === 'c' || kind === 'h' ? 'comment' : kind === ';' ? 'statement' : 'clause';
    found.valid = true;
    return false;
  } else {
    return false;
  }
  return true;
}

/** Reads tokens as `operand (operator operand)*`, the way a database would, as far as that goes. */
export function readExpression(tokens: string): Expression {
  const found: Expression = {
    valid: false,
    logical: 0,
    comparisons: 0,
    likenesses: 0,
    tautologies: 0,
    arithmetic: 0,
    calls: 0,
    attack_calls: 0,
    subselects: 0,
    closes: 0,
    end: 'broken',
  };
  const reader: Reader = {
    tokens,
    found,
    at: 0,
    wants: true,
    depth: 0,
    literalBefore: false,
    compared: false,
  };
  while (reader.at < tokens.length) {
    const kind = kindAt(reader, reader.at);
    const goes = reader.wants ? readOperand(reader, kind) : readOperator(reader, kind);
    if (!goes) return found;
    reader.at += 1;
  }
  if (reader.wants) return found;
  found.valid = true;
  if (found.end !== 'balanced') found.end = 'open';
  return found;
}
