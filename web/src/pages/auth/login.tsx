import { Link, Navigate, useLocation, useNavigate, useSearchParams } from "react-router";
import { safeReturn, useAuth } from "@/features/auth/auth";
import { AuthPage, LINK } from "@/features/auth/auth-page";
import { SignInForm } from "@/features/auth/sign-in-form";

export function Component() {
  const [params] = useSearchParams();
  const navigate = useNavigate();
  const { user } = useAuth();
  const notice = (useLocation().state as { notice?: string } | null)?.notice;
  const next = safeReturn(params.get("next"));
  const query = params.get("next") ? `?next=${encodeURIComponent(next)}` : "";
  if (user) return <Navigate to={next} replace />;
  return (
    <AuthPage
      title="Welcome back"
      footer={
        <>
          <p>
            New here?{" "}
            <Link to={`/signup${query}`} className={LINK}>
              Create an account
            </Link>
          </p>
          <Link to="/password/forgot" className={LINK}>
            Forgot the password?
          </Link>
        </>
      }
    >
      {notice && (
        <p role="status" className="mb-5 rounded-xl bg-success-soft px-4 py-3 text-sm text-success">
          {notice}
        </p>
      )}
      <SignInForm
        onDone={() => navigate(next, { replace: true })}
        onUnconfirmed={(email, password) =>
          navigate(`/signup/confirm${query}`, { state: { email, password } })
        }
      />
    </AuthPage>
  );
}
