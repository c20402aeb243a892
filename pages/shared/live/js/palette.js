// The colours that mean something, in one place. Python reads this file, too: what stands between the braces is JSON.
export const PALETTE = {
  "light": {
    "primary": "#a4350a",
    "classes": [
      "#0072b2",
      "#e07b00",
      "#009e73",
      "#b5529a",
      "#b09a00",
      "#c0392b",
      "#5560c8",
      "#7a5c3a",
      "#5f6b73",
      "#0e8c94"
    ],
    "train": "#4a58d0",
    "test": "#d02f68",
    "validation": "#8a6d00",
    "negative": "#8447b8",
    "positive": "#187841",
    "warning": "#b45309",
    "wrong": "#b3261e",
    "broken": "#c0392b",
    "brokenText": "#c0392b",
    "lanes": {
      "fetching": "#2563eb",
      "computing": "#ea580c",
      "waiting": "#c3c8d0",
      "starting": "#8b5cf6",
      "preparing": "#0d9488",
      "op0": "#ea580c",
      "op1": "#2563eb",
      "op2": "#0d9488",
      "op3": "#8b5cf6",
      "op4": "#db2777",
      "op5": "#9ca3af"
    }
  },
  "dark": {
    "primary": "#fb923c",
    "classes": [
      "#4da6e8",
      "#f5a03c",
      "#2ec79b",
      "#e08ac9",
      "#dccb45",
      "#ff8a75",
      "#a3a9ff",
      "#d0a878",
      "#b4bec6",
      "#54d3db"
    ],
    "train": "#8f9bff",
    "test": "#ff7ba5",
    "validation": "#e8c14a",
    "negative": "#b98ae6",
    "positive": "#4fc983",
    "warning": "#fbbf24",
    "wrong": "#ff8a75",
    "broken": "#c0392b",
    "brokenText": "#ff8a75",
    "lanes": {
      "fetching": "#60a5fa",
      "computing": "#fb923c",
      "waiting": "#6b7280",
      "starting": "#c4b5fd",
      "preparing": "#5eead4",
      "op0": "#fb923c",
      "op1": "#60a5fa",
      "op2": "#5eead4",
      "op3": "#c4b5fd",
      "op4": "#f9a8d4",
      "op5": "#9ca3af"
    }
  },
  "ink": { "light": "#ffffff", "dark": "#000000" },
  "charts": {
    "uninterrupted": "#b4bcc6",
    "chance": "#9aa3ad",
    "runs": ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#b8a800", "#7f7f7f"],
    "cpu": ["#9cc3e6", "#3d8fd1", "#0b4f8a"],
    "gpu": ["#f7c98b", "#e88f1a", "#9c5700"]
  }
};
