/** Every colour of the pages, light and dark. Statuses have theirs in status.ts. */
export interface Palette {
  page: string;
  panel: string;
  raised: string;
  sunken: string;
  hover: string;
  line: string;
  line_strong: string;
  text: string;
  text_soft: string;
  text_faint: string;
  accent: string;
  accent_strong: string;
  accent_soft: string;
  focus: string;
  mark: string;
}

export const light: Palette = {
  page: "#ffffff",
  panel: "#ffffff",
  raised: "#ffffff",
  sunken: "#f5f6f8",
  hover: "#f2f5f9",
  line: "#e2e6eb",
  line_strong: "#c6cdd6",
  text: "#18202b",
  text_soft: "#4d5867",
  text_faint: "#636d7b",
  accent: "#1a66c2",
  accent_strong: "#14539f",
  accent_soft: "#e8f1fc",
  focus: "#1d6fd1",
  mark: "#fbe9e4",
};

export const dark: Palette = {
  page: "#11151a",
  panel: "#11151a",
  raised: "#191f27",
  sunken: "#181d24",
  hover: "#1b222b",
  line: "#29313b",
  line_strong: "#404a57",
  text: "#e3e7ec",
  text_soft: "#aab3bf",
  text_faint: "#8e98a6",
  accent: "#6aaef5",
  accent_strong: "#8fc4fa",
  accent_soft: "#16283d",
  focus: "#6aaef5",
  mark: "#3a201a",
};
