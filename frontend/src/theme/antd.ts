import { type ThemeConfig, theme } from "antd";
import type { Shade } from "./mode.ts";
import { dark, light } from "./palette.ts";
import { statuses } from "./status.ts";

export const font =
  'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif';
export const font_mono =
  'ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace';

const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;

export function antd_theme(shade: Shade): ThemeConfig {
  const palette = shade === "dark" ? dark : light;
  // As it is: the dark theme would dim it below what can be read.
  const error = { colorError: statuses.failed[shade], colorErrorHover: statuses.failed[shade] };
  return {
    algorithm: shade === "dark" ? theme.darkAlgorithm : theme.defaultAlgorithm,
    token: {
      fontFamily: font,
      fontFamilyCode: font_mono,
      fontSize: 13,
      borderRadius: 6,
      controlHeight: 30,
      controlHeightSM: 26,
      fontSizeSM: 13,
      colorPrimary: palette.accent,
      colorPrimaryHover: palette.accent_strong,
      colorInfo: palette.accent,
      colorLink: palette.accent,
      colorError: statuses.failed[shade],
      colorSuccess: statuses.succeeded[shade],
      colorWarning: statuses.lost[shade],
      colorText: palette.text,
      colorTextSecondary: palette.text_soft,
      colorTextPlaceholder: palette.text_faint,
      colorTextDescription: palette.text_faint,
      colorTextTertiary: palette.text_faint,
      colorBgBase: palette.page,
      colorBgContainer: palette.panel,
      colorBgElevated: palette.raised,
      colorBorder: palette.line_strong,
      colorBorderSecondary: palette.line,
      controlItemBgActive: palette.accent_soft,
      controlItemBgActiveHover: palette.accent_soft,
      boxShadow: "none",
      boxShadowSecondary: "0 4px 16px rgba(0, 0, 0, 0.12)",
      motion: !still,
      motionDurationFast: "0.06s",
      motionDurationMid: "0.1s",
      motionDurationSlow: "0.14s",
    },
    components: {
      Button: {
        // The dark theme's accent is light: dark words on it.
        primaryColor: shade === "dark" ? "#0d1620" : "#ffffff",
        primaryShadow: "none",
        defaultShadow: "none",
        dangerShadow: "none",
        dangerColor: shade === "dark" ? "#0d1620" : "#ffffff",
        ...error,
        fontWeight: 500,
      },
      Dropdown: error,
      Tooltip: { colorBgSpotlight: shade === "dark" ? "#323b47" : "#2a3340" },
    },
  };
}
