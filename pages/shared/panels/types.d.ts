// What code_panel.py tells.

interface CodeLine {
  marked?: boolean;
  missing?: boolean;
  parts: [kind: string, text: string][];
}

interface CodeData {
  copy: string;
  copied: string;
  left_out: string;
  lines: CodeLine[];
}
