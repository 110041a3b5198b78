/** Small PDFs written by hand, with the fonts that every reader has. */

/** A page's drawing commands; places in points from the top left corner. */
export class PageWriter {
  private readonly commands: string[] = [];

  /** @param font F1 Times, F2 Helvetica, F3 Times bold */
  text(left: number, baseline: number, words: string, {font = 'F1', size = 10} = {}): this {
    const escaped = words.replace(/[\\()]/g, '\\$&');
    this.commands.push(`BT /${font} ${size} Tf ${left} ${792 - baseline} Td (${escaped}) Tj ET`);
    return this;
  }

  box(
    left: number,
    top: number,
    width: number,
    height: number,
    color: readonly [number, number, number],
  ): this {
    this.commands.push(`${color.join(' ')} rg ${left} ${792 - top - height} ${width} ${height} re f 0 g`);
    return this;
  }

  /** Lines of text of one width, 12 points apart. */
  prose(left: number, top: number, lines: number, words: string): this {
    for (let i = 0; i < lines; i++) this.text(left, top + 12 * i, words);
    return this;
  }

  stream(): string {
    return this.commands.join('\n');
  }
}

/** @param trailer what else the trailer says, such as /Encrypt */
export function smallPdf(pages: readonly PageWriter[], trailer = ''): Buffer {
  const fonts = ['Times-Roman', 'Helvetica', 'Times-Bold'].map(
    (name) => `<< /Type /Font /Subtype /Type1 /BaseFont /${name} >>`,
  );
  const firstPage = 3 + fonts.length;
  const kids = pages.map((_, i) => `${firstPage + 2 * i} 0 R`).join(' ');
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Kids [${kids}] /Count ${pages.length} >>`,
    ...fonts,
    ...pages.flatMap((page, i) => [
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents ${firstPage + 2 * i + 1} 0 R ` +
        '/Resources << /Font << /F1 3 0 R /F2 4 0 R /F3 5 0 R >> >> >>',
      `<< /Length ${page.stream().length} >>\nstream\n${page.stream()}\nendstream`,
    ]),
  ];
  let text = '%PDF-1.4\n';
  const places = objects.map((object, i) => {
    const place = text.length;
    text += `${i + 1} 0 obj\n${object}\nendobj\n`;
    return place;
  });
  const table = places.map((place) => `${String(place).padStart(10, '0')} 00000 n \n`).join('');
  text +=
    `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}` +
    `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R ${trailer} >>\nstartxref\n${text.length}\n%%EOF\n`;
  return Buffer.from(text, 'latin1');
}
