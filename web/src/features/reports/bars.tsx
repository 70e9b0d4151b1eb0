import { Bar, BarChart, CartesianGrid, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";
import { dayName } from "./series";

export interface BarsSeries {
  key: string;
  label: string;
  color: string;
}

export interface BarsRow {
  date: string;
}

/** Bars over days. Readers who cannot see them have the table beside them, so they are hidden here. */
export default function Bars({
  rows,
  series,
  show,
  weekly,
}: {
  rows: BarsRow[];
  series: BarsSeries[];
  /** A value for people; `brief` along the axis. */
  show: (value: number, brief?: boolean) => string;
  weekly: boolean;
}) {
  return (
    <ResponsiveContainer width="100%" height="100%">
      <BarChart data={rows} accessibilityLayer={false} margin={{ top: 8, right: 4, bottom: 0, left: 0 }}>
        <CartesianGrid vertical={false} stroke="var(--line)" />
        <XAxis
          dataKey="date"
          tickFormatter={(date: string) => dayName(date, "short")}
          tick={{ fill: "var(--muted)", fontSize: 12 }}
          tickLine={false}
          axisLine={{ stroke: "var(--line)" }}
          minTickGap={24}
        />
        <YAxis
          width={64}
          tickFormatter={(value: number) => show(value, true)}
          tick={{ fill: "var(--muted)", fontSize: 12 }}
          tickLine={false}
          axisLine={false}
          allowDecimals={false}
        />
        <Tooltip
          cursor={{ fill: "var(--sunken)" }}
          isAnimationActive={false}
          content={({ active, payload, label }) =>
            active && payload?.length ? (
              <div className="rounded-xl border bg-surface px-3 py-2 text-sm shadow-floating">
                <p className="font-medium">
                  {weekly && "Week of "}
                  {dayName(String(label))}
                </p>
                {payload.map((each) => (
                  <p key={String(each.dataKey)} className="tabular-nums">
                    <span className="text-muted">{each.name}</span> {show(Number(each.value))}
                  </p>
                ))}
              </div>
            ) : null
          }
        />
        {series.map((each) => (
          <Bar
            key={each.key}
            dataKey={each.key}
            name={each.label}
            fill={each.color}
            radius={[3, 3, 0, 0]}
            maxBarSize={44}
            isAnimationActive={false}
          />
        ))}
      </BarChart>
    </ResponsiveContainer>
  );
}
