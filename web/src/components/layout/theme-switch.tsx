import { Check, Monitor, Moon, Sun } from "lucide-react";
import { setTheme, type Theme, useTheme } from "@/features/theme/theme";
import { Button } from "../ui/button";
import { Menu, MenuItem } from "../ui/menu";

export const THEMES: { theme: Theme; label: string; icon: typeof Sun }[] = [
  { theme: "light", label: "Light", icon: Sun },
  { theme: "dark", label: "Dark", icon: Moon },
  { theme: "system", label: "As the system", icon: Monitor },
];

export function ThemeSwitch() {
  const chosen = useTheme();
  return (
    <Menu
      trigger={
        <Button variant="ghost" size="icon" aria-label="Theme">
          <Sun aria-hidden className="size-5 dark:hidden" />
          <Moon aria-hidden className="hidden size-5 dark:block" />
        </Button>
      }
    >
      {THEMES.map(({ theme, label, icon: Icon }) => (
        <MenuItem key={theme} onSelect={() => setTheme(theme)}>
          <Icon aria-hidden />
          <span className="flex-1">{label}</span>
          {chosen === theme && <Check aria-label="chosen" />}
        </MenuItem>
      ))}
    </Menu>
  );
}
